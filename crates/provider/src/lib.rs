//! Answers a chat with images: the trait and the OpenAI-compatible client.
