"""The saved project: values, records, versions, migrations, files."""
