import java.util.LinkedHashMap;
import java.util.Map;

/** {@code java Cases GROUP}: runs the cases of a group, prints the name of each, and ends with 1 if one has failed. */
public final class Cases {
    private final Map<String, Support.Body> cases = new LinkedHashMap<>();

    void add(String name, Support.Body body) {
        cases.put(name, body);
    }

    /**
     * Runs a group.
     *
     * @param arguments its name
     */
    public static void main(String[] arguments) {
        Cases group = new Cases();
        switch (arguments[0]) {
            case "texts":
                TextCases.add(group);
                break;
            case "calls":
                CallCases.add(group);
                break;
            case "callbacks":
                CallbackCases.add(group);
                AnswerCases.add(group);
                break;
            case "life":
                LifeCases.add(group);
                break;
            case "loaders":
                LoaderCases.add(group);
                break;
            default:
                throw new IllegalArgumentException("no such group: " + arguments[0]);
        }
        int failed = 0;
        for (Map.Entry<String, Support.Body> one : group.cases.entrySet()) {
            System.out.println("case " + one.getKey());
            try {
                one.getValue().run();
            } catch (Throwable failure) {
                failed++;
                System.out.println("FAILED " + one.getKey());
                failure.printStackTrace(System.out);
            }
        }
        if (failed > 0) {
            System.out.println(failed + " cases failed");
            System.exit(1);
        }
        // The machine has to end by itself from here.
        System.out.println(group.cases.size() + " cases passed");
    }
}
