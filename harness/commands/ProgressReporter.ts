/** Progress on stderr: one line that is redrawn on a terminal, plain lines now and then elsewhere. */

const QUIET_MS = 10_000;
const SOON_MS = 1000;
const BAR = 24;

export class ProgressReporter {
  private readonly stream: NodeJS.WriteStream;
  private readonly live: boolean;
  private label = "";
  private started = 0;
  private printed = 0;
  private drawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.stream = stream;
    this.live = stream.isTTY === true && process.env.CI === undefined;
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
  }

  update(label: string, done: number, total: number, unit = ""): void {
    const now = performance.now();
    if (label !== this.label) {
      this.clear();
      this.label = label;
      this.started = now;
      this.printed = Number.NEGATIVE_INFINITY;
    }
    const complete = total > 0 && done >= total;
    if (!this.live) {
      // What is over at once is not worth a line.
      if (now - this.started < SOON_MS || (now - this.printed < QUIET_MS && !complete)) return;
      this.printed = complete ? Number.POSITIVE_INFINITY : now;
      this.stream.write(
        `${label}${total > 0 ? `: ${amount(done, total, unit)}` : ""}${this.remaining(done, total, now)}\n`,
      );
      return;
    }
    if (now - this.printed < 100 && !complete) return;
    this.printed = now;
    const filled = total > 0 ? Math.round((BAR * done) / total) : 0;
    const bar = total > 0 ? `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}] ${amount(done, total, unit)}` : "…";
    const text = `${label} ${bar}${this.remaining(done, total, now)}`;
    this.stream.write(`\r\x1b[K${text.slice(0, (this.stream.columns || 80) - 1)}`);
    this.drawn = true;
  }

  private remaining(done: number, total: number, now: number): string {
    const seconds = (now - this.started) / 1000;
    if (total === 0 || done === 0 || done >= total || seconds < 2) return "";
    return `, about ${duration((seconds / done) * (total - done))} left`;
  }

  clear(): void {
    if (this.drawn) this.stream.write("\r\x1b[K");
    this.drawn = false;
  }
}

function amount(done: number, total: number, unit: string): string {
  return unit === "bytes" ? `${(done / 1e6).toFixed(0)}/${(total / 1e6).toFixed(0)} MB` : `${done}/${total}`;
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
