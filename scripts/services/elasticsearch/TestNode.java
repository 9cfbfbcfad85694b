import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.Build;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * One Elasticsearch node in this process, as its own launcher would start it, less the security
 * manager and the native controller: TestNode HOME [--version | setting=value …]
 */
public final class TestNode {
    private static final String NAME = "spikescope-test";

    public static void main(String[] args) throws Exception {
        if (args.length == 2 && args[1].equals("--version")) {
            System.out.println("Elasticsearch " + Build.current().version());
            return;
        }
        LogConfigurator.configureESLogging();
        Environment environment = environment(args);
        LogConfigurator.setNodeName(NAME);
        LogConfigurator.registerErrorListener();
        LogConfigurator.configure(environment, true);
        Node node = new Node(environment, plugins(environment));
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
        node.start();
        closed.await();
    }

    private static Environment environment(String[] args) {
        Path home = Path.of(args[0]).toAbsolutePath();
        System.setProperty("es.path.home", home.toString());
        Settings.Builder settings = Settings.builder().put("path.home", home.toString());
        for (int i = 1; i < args.length; i++) {
            String[] setting = args[i].split("=", 2);
            settings.put(setting[0], setting[1]);
        }
        Path config = home.resolve("config");
        return InternalSettingsPreparer.prepareEnvironment(
            settings.build(), Map.of(), config, () -> NAME);
    }

    private static PluginsLoader plugins(Environment environment) {
        return PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
            Map.of(),
            false);
    }

    private static void close(Node node, CountDownLatch closed) {
        try {
            node.close();
            node.awaitClose(10, TimeUnit.SECONDS);
        } catch (Exception error) {
            error.printStackTrace();
        } finally {
            closed.countDown();
        }
    }
}
