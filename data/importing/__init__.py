"""The importer: a foreign file and a mapping become a log.

`mapping` says what the columns mean. `source` gives a file's bytes, and `csv_file`,
`json_lines`, `parquet_file` and `xes` make a `sheet` of rows of them. `cells` reads
values, `event_rows` and `lead_rows` make events of the two shapes, by `rows`, and
`importer` puts it together.
"""
