/** The sample's record with as many items as wanted, whose texts try to be more than texts. */
import type { Batch, RunRecord } from "../../../harness/RunRecord.ts";
import { MODEL, sampleRecord } from "../sample.ts";

export const HOSTILE = [
  "<img src=x onerror=\"window.hit='img'\">",
  "</script><script>window.hit='script'</script>",
  "\"'><svg onload=window.hit='svg'>",
  "שלום \u202e drawkcab \u2066 and on",
  "&lt;b&gt; <!-- --> ]]>",
  "{{constructor.constructor('window.hit=1')()}}",
];

export function wideRecord(count: number): RunRecord {
  const record = sampleRecord();
  const items = Array.from({ length: count }, (_, i) => {
    const text = HOSTILE[i % HOSTILE.length] as string;
    return { id: `item ${i} ${text}`, topic: "all", cluster: `c${i}`, original: `${text} original of item ${i}.` };
  });
  const first = record.batches[0] as Batch;
  const texts = items.map(({ original }) => `${original} 码 `);
  const conditions = MODEL.conditions.map((one) => (one.role === "candidate" ? { ...one, texts } : one));
  const models = record.manifest.models.map((model) => ({ ...model, conditions }));
  const batches = items.map(({ id }, i): Batch => {
    const own = Object.entries(first.conditions).map(([name, { values, ...rest }]) => {
      const moved = values.map((one) =>
        one.measure === "kl" && one.value.kind === "defined"
          ? { ...one, value: { ...one.value, value: one.value.value + (i % 7) / 7 } }
          : one,
      );
      return [name, { ...rest, values: moved }] as const;
    });
    const conditions = Object.fromEntries(own);
    const answers = [
      { question: "Which?", gold: "this", decoyGold: null, said: `${HOSTILE[i % HOSTILE.length]} answered` },
    ];
    const code = { ...(conditions.code as NonNullable<typeof conditions.code>), answers };
    return { ...first, item: id, conditions: { ...conditions, code } };
  });
  return { manifest: { ...record.manifest, items, models }, batches };
}
