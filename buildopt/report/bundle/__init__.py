"""The page of a bundle, an archive or a comparison of two builds."""
