"""The types of fields, a file a family: text as people type it ↔ what is stored ↔ what is shown."""
