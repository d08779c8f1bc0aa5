"""A network's table with its default columns."""

from netdsl.architecture import Architecture
from netdsl.report.columns import TableView
from netdsl.report.formats import as_html, as_text
from netdsl.report.sheet import sheet_of


def text_table(network: Architecture) -> str:
    """Return the table for people, as `netdsl table` prints it."""
    return as_text(sheet_of(network, TableView()))


def html_table(network: Architecture) -> str:
    """Return the table in HTML."""
    return as_html(sheet_of(network, TableView()))
