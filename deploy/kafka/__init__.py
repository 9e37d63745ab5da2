"""The embedded Kafka: one KRaft node of the real broker, its jars pinned by pom.xml, and the product's topics."""
