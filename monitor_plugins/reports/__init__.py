"""Writes a report of each hour, and sends a digest of a day or week where that is asked for.

consumer.py   keeps the runs of the last days, and says which times are over
worker.py     writes the pages of those, and sends digests
files.py      names, the list, what is too old
plugin.py     settings, and the pages on the monitor's server
"""
