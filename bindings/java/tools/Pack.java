import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Comparator;
import java.util.List;
import java.util.TimeZone;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs a directory into a jar of which every byte is a matter of the files' names and contents: sorted, one time for all. The jar tool
 * takes the order of the file system, and a fixed time only since Java 17. {@code META-INF/MANIFEST.MF} comes first, as readers expect.
 *
 * <p>{@code java Pack JAR DIRECTORY}
 */
public final class Pack {
    /** The zip format begins in 1980, in local time. */
    private static final long TIME = 318_211_200_000L;

    private Pack() {
    }

    /**
     * Packs.
     *
     * @param arguments the jar, the directory
     * @throws IOException a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Path directory = Paths.get(arguments[1]);
        List<String> names;
        try (Stream<Path> files = Files.walk(directory)) {
            names = files.filter(Files::isRegularFile).map(file -> directory.relativize(file).toString().replace('\\', '/'))
                    .sorted(Comparator.comparing((String name) -> !name.equals("META-INF/MANIFEST.MF")).thenComparing(name -> name))
                    .collect(Collectors.toList());
        }
        try (OutputStream file = Files.newOutputStream(Paths.get(arguments[0])); ZipOutputStream jar = new ZipOutputStream(file)) {
            for (String name : names) {
                ZipEntry entry = new ZipEntry(name);
                entry.setTime(TIME);
                jar.putNextEntry(entry);
                Files.copy(directory.resolve(name), jar);
                jar.closeEntry();
            }
        }
    }
}
