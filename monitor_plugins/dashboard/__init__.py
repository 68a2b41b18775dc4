"""Shows what happens: a page, a REST API, and a stream of events, on the monitor's one server.

    endpoints              every path of the API in one table: the page to read first
    asked, answers         a request as checked values; answers, problems, tags
    shapes/, openapi       what answers hold, and the document made of the table
    lists, runs            runs, tasks, look-ups, events
    measured, overview     metrics over time; what a time comes to
    alerts, findings       what events of other plugins come to
    stream                 events as they come, none missed
    page, views            HTML for each view, whole without any script
    trends, bundles        how long builds took; an output, and two builds of it
    finding_series         the values that a finding is about
    panels                 what other plugins bring
    ranges, drawing        the time that is shown; charts and waterfalls as SVG
    plugin, command        joined with the monitor; `buildopt dashboard`

Scripts (`frontend/src/dashboard.ts`) make the pages live. They are built into `built/` where Node
is; without them pages show tables and pictures.
"""
