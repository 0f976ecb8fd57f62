"""The design system: tokens, components, icons, base templates, assets. See README.md here."""
