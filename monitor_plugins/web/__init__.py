"""The plugin `web`: what pages measure of themselves, beside the build that made them.

beacon, page_routes, bounded, limits   what a page may send, and how much of it
builds, chunk_names                    which build made a page: by hashed names, else by its word
receiving                              a request: allowed? sound? joined? -> events
consumer, shifts, views                values by build -> findings
panels, lighthouse, commands, plugin   what people see and type, and the hooks
"""
