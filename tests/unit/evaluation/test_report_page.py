"""A page that says what the Markdown says."""

from confapp.evaluation.report_page import report_page


def test_tables_plots_and_films() -> None:
    page = report_page(
        "A & B",
        "# Head\n\n| a | b |\n|---|---|\n| 1 | <script>x</script> |\n",
        {"plot <1>": '<?xml version="1.0"?><svg id="p"></svg>'},
        {"film": "films/a b.mp4"},
    )
    assert "<title>A &amp; B</title>" in page
    assert "<h1>Head</h1>" in page
    assert "<td>1</td>" in page
    assert "<script>" not in page
    assert '<h2>plot &lt;1&gt;</h2><svg id="p"></svg>' in page
    assert 'src="films/a%20b.mp4"' in page
    assert "http" not in page
