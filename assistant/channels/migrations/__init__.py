"""Steps of the state's schema, in order; `assistant.channels.state` runs those that are missing."""
