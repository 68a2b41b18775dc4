"""What is measured at regular times: the system, and the processes of running builds."""
