"""The rows of each report as Vega-Lite: what lies on which axis. Title and style come from console.reports.style."""
