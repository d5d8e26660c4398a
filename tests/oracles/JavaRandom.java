import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Expected values of java.util.Random, and of the two projection codes as published, from Java itself (17 or later):
 *   java -Dfile.encoding=UTF-8 tests/oracles/JavaRandom.java > tests/codecs/fixtures/javaRandom.json
 */
public class JavaRandom {
  static final String A = "丂丏丬乜亍仂仉冇冏刂勹匚卩叱吒囗圯夬奡宀尢屮巛幺彐忄扌攵旡牜疒礻糸耂艹虍衤覀訁豕辶酉釒阝隹雨靣飠黽";
  static final String B = "亖仜冫凞劦卝叄圡堃夋奣妏孚寍巤巭帛庬彡戔昜枼栬歰氼洸琓瓛疉硻禤穱繤羴翋聶艸虋蠰覡證譶赟轝邍醽釂鏻隮霝靐顗驫鱻鸞黵";
  static final int DRAWS = 40;
  static final int HASHED = 100_000;

  public static void main(String[] arguments) throws Exception {
    List<String> seeds = new ArrayList<>();
    for (long seed : new long[] {42L, 0L, -1L, 123456789012345L, -987654321098765432L}) seeds.add(seed(seed));
    List<String> projections = new ArrayList<>();
    for (int width : new int[] {128, 384, 576}) {
      projections.add(projection("random-projection", width, 16));
      projections.add(projection("minilm-projection", width, 16));
    }
    projections.add(projection("random-projection", 576, 5));
    projections.add(projection("minilm-projection", 576, 40));

    // The published program in full: v and W from one generator.
    Random random = new Random(42);
    double[] v = new double[128];
    for (int j = 0; j < v.length; j++) v[j] = random.nextDouble();
    String published = symbols(A, 1000, v, 16, random);

    String json = "{\n\"java\": \"" + System.getProperty("java.version") + "\",\n\"seeds\": [\n"
        + String.join(",\n", seeds) + "\n],\n\"projections\": [\n" + String.join(",\n", projections)
        + "\n],\n\"published\": \"" + published + "\"\n}\n";
    System.out.write(json.getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  static String seed(long seed) throws Exception {
    Random random = new Random(seed);
    List<String> ints = new ArrayList<>();
    for (int i = 0; i < DRAWS; i++) ints.add(Integer.toString(random.nextInt()));

    // A second Gaussian is kept back; draws of other kinds in between must not disturb it.
    random = new Random(seed);
    double[] mixed = {
      random.nextGaussian(), random.nextDouble(), random.nextInt(), random.nextGaussian(), random.nextGaussian(),
      random.nextInt(), random.nextGaussian()
    };

    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    random = new Random(seed);
    for (int i = 0; i < HASHED; i++) {
      digest.update(ByteBuffer.allocate(8).putLong(Double.doubleToLongBits(random.nextGaussian())).array());
    }
    return "{\"seed\": \"" + seed + "\",\n \"ints\": [" + String.join(", ", ints)
        + "],\n \"doubles\": " + bits(draw(new Random(seed), Random::nextDouble))
        + ",\n \"gaussians\": " + bits(draw(new Random(seed), Random::nextGaussian))
        + ",\n \"mixed\": " + bits(mixed)
        + ",\n \"hashedGaussians\": " + HASHED + ", \"sha256\": \"" + HexFormat.of().formatHex(digest.digest()) + "\"}";
  }

  static double[] draw(Random random, ToDoubleFunction<Random> next) {
    double[] values = new double[DRAWS];
    for (int i = 0; i < DRAWS; i++) values[i] = next.applyAsDouble(random);
    return values;
  }

  static String bits(double[] values) {
    return java.util.Arrays.stream(values)
        .mapToObj(value -> "\"" + HexFormat.of().toHexDigits(Double.doubleToLongBits(value)) + "\"")
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /** The code of v_j = ((37 j) mod 101 − 50) / 64, exact in float32. */
  static String projection(String codec, int width, int count) {
    double[] v = new double[width];
    for (int j = 0; j < width; j++) v[j] = ((37 * j) % 101 - 50) / 64.0;
    Random random = new Random(42);
    String text;
    if (codec.equals("random-projection")) {
      for (int i = 0; i < 128; i++) random.nextDouble();
      text = symbols(A, 1000, v, count, random);
    } else {
      text = symbols(B, 10000, v, count, random);
    }
    return "{\"codec\": \"" + codec + "\", \"width\": " + width + ", \"symbols\": " + count
        + ", \"text\": \"" + text + "\"}";
  }

  static String symbols(String alphabet, int scale, double[] v, int count, Random random) {
    double[][] w = new double[count][v.length];
    for (int i = 0; i < count; i++) for (int j = 0; j < v.length; j++) w[i][j] = random.nextGaussian();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      double z = 0;
      for (int j = 0; j < v.length; j++) z += w[i][j] * v[j];
      text.append(alphabet.charAt((int) Math.floor(scale * Math.abs(z)) % alphabet.length()));
    }
    return text.toString();
  }
}
