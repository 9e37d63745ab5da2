import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Kafka Streams: how many touchpoints each customer has, the last one of each team, and the last subject, in a store
 * on RocksDB with its changelog, exactly once. One thread; every other setting as it comes.
 *
 * <p>Arguments: the broker's address, the application's name, the folder of its stores.
 */
public final class Peer {
    /** What is read of a touchpoint. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Touchpoint(
            String team, String subject, @JsonProperty("occurred_at") String occurredAt) {}

    /** What is kept of a customer. */
    public static final class Customer {
        public long count;
        public Map<String, String> touched = new HashMap<>();
        public String subject;

        Customer with(Touchpoint touchpoint) {
            count++;
            touched.put(touchpoint.team(), touchpoint.occurredAt());
            if (touchpoint.subject() != null) {
                subject = touchpoint.subject();
            }
            return this;
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private Peer() {}

    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[2]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("journey.touchpoints", Consumed.with(Serdes.String(), json(Touchpoint.class)))
                .groupByKey()
                .aggregate(
                        Customer::new,
                        (id, touchpoint, customer) -> customer.with(touchpoint),
                        Materialized.<String, Customer, KeyValueStore<Bytes, byte[]>>as("customers")
                                .withKeySerde(Serdes.String())
                                .withValueSerde(json(Customer.class)));

        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static <T> Serde<T> json(Class<T> type) {
        ObjectReader reader = JSON.readerFor(type);
        ObjectWriter writer = JSON.writerFor(type);
        return Serdes.serdeFrom(
                (topic, value) -> {
                    try {
                        return value == null ? null : writer.writeValueAsBytes(value);
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                },
                (topic, bytes) -> {
                    try {
                        return bytes == null ? null : reader.readValue(bytes);
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                });
    }
}
