"""The face that both planes share: design system, plane factory, REST API from the registry."""
