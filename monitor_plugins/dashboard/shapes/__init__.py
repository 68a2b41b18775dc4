"""What the answers of the API hold: names with units, times as seconds since 1970.

The OpenAPI document is made of these records, so that it cannot say anything else.
"""
