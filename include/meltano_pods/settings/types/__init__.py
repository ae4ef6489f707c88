"""The types of values: for each one its validator and its JSON schema, side by side.

A validator raises a ValueError that continues the setting's name (`takes a map`), or `nested_error`
for a key below the setting; `validate` adds the place and the fix. The JSON schema is for editors,
draft 2020-12: it may allow what the validator rejects, never the reverse; a test compares the two.
"""
