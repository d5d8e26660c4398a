/** A judge: whoever says how far two texts mean the same. */
import type { ServedIdentity } from "../../providers/contract.ts";

export interface JudgedTexts {
  /** What both texts answer; null where they answer nothing. */
  readonly question: string | null;
  readonly first: string;
  readonly second: string;
}

export interface Asked {
  readonly texts: JudgedTexts;
  /** Of the repeat; without meaning for judges that leave nothing to chance. */
  readonly seed: number;
}

/** What a judge said once. */
export interface Opinion {
  /** 0 (nothing in common) to 1 (the same); null where what it said is no verdict. */
  readonly rating: number | null;
  readonly reason: string;
  /** What it said, where that could not be read. */
  readonly raw?: string;
}

/** What has to be known of a judge to read its ratings. */
export interface JudgeDescription {
  readonly kind: "chat" | "embedding" | "entailment";
  readonly identity: Pick<ServedIdentity, "reference" | "name" | "engine"> & { readonly digest: string };
  readonly prompt: { readonly name: string; readonly sha256: string } | null;
  /** Times that each pair is rated in each order. */
  readonly repeats: number;
  /** Whether a pair is rated in both orders. */
  readonly bothOrders: boolean;
  /** Whether the two orders ask the same, so that they should get the same. */
  readonly symmetric: boolean;
}

export interface Judge {
  readonly name: string;
  readonly description: JudgeDescription;
  /** One opinion a question, in order. */
  rate(asked: readonly Asked[], signal?: AbortSignal): Promise<Opinion[]>;
}
