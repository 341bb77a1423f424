"""The saved project: records, versions, migrations."""
