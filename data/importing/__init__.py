"""The CSV importer: a foreign table and a mapping become a log.

`mapping` says what the columns mean, `sheet` reads the file line by line, `cells`
and `times` read values, `event_rows` and `lead_rows` make events of the two shapes,
`ties` makes the order of simultaneous events explicit, `importer` puts it together.
"""
