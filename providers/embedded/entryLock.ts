import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";

/** A holder refreshes its lock every half of this; a lock older than it was left behind by a killed process. */
const STALE_MS = 10_000;
const POLL_MS = 200;

/**
 * Runs `work` while no other process holds the lock on `entry`, a path in an existing folder (the entry itself
 * need not exist). Whoever comes second waits; `onWait` is called at each look. Should another process take the
 * lock over (this one was suspended for longer than a lock lives), `work` is aborted and begins again later.
 */
export async function withEntryLock<T>(
  entry: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const lost = new AbortController();
    let release: () => Promise<void>;
    try {
      release = await lock(entry, { realpath: false, stale: STALE_MS, onCompromised: (error) => lost.abort(error) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      onWait();
      await sleep(POLL_MS, undefined, { signal });
      continue;
    }
    try {
      return await work(AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (signal.aborted || !lost.signal.aborted) throw error;
    } finally {
      if (!lost.signal.aborted) await release();
    }
  }
}
