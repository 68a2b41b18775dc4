"""The plugins that come with buildopt: alert, baseline, dashboard."""
