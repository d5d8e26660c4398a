/** Progress on stderr: one line that is redrawn on a terminal, plain lines now and then elsewhere. */

const QUIET_MS = 10_000;
const SOON_MS = 1000;
const BAR = 24;
/** A shorter bar says nothing. */
const LEAST_BAR = 6;

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
        `${label}${total > 0 ? `: ${amount(done, total, unit)}` : ""}${this.remaining(done, total, unit, now)}\n`,
      );
      return;
    }
    if (now - this.printed < 100 && !complete) return;
    this.printed = now;
    const width = (this.stream.columns || 80) - 1;
    const numbers = total > 0 ? `${amount(done, total, unit)}${this.remaining(done, total, unit, now)}` : "…";
    // The bar gives way first, then the end of the label: the numbers are what a person waits for.
    const room = Math.min(BAR, width - label.length - numbers.length - "[] ".length - 1);
    const filled = Math.round((room * done) / total);
    const bar = total > 0 && room >= LEAST_BAR ? `[${"#".repeat(filled)}${"-".repeat(room - filled)}] ` : "";
    const short = label.length + 1 + bar.length + numbers.length > width;
    const start = short ? `${label.slice(0, Math.max(0, width - numbers.length - 2))}…` : label;
    this.stream.write(`\r\x1b[K${`${start} ${bar}${numbers}`.slice(0, width)}`);
    this.drawn = true;
  }

  /** How fast it goes and how long it will take, once that can be told. */
  private remaining(done: number, total: number, unit: string, now: number): string {
    const seconds = (now - this.started) / 1000;
    if (total === 0 || done === 0 || done >= total || seconds < 2) return "";
    return `, ${rate(done / seconds, unit)}, about ${duration((seconds / done) * (total - done))} left`;
  }

  clear(): void {
    if (this.drawn) this.stream.write("\r\x1b[K");
    this.drawn = false;
  }
}

function amount(done: number, total: number, unit: string): string {
  return unit === "bytes" ? `${(done / 1e6).toFixed(0)}/${(total / 1e6).toFixed(0)} MB` : `${done}/${total}`;
}

/** With two digits, a second or a minute, whichever gives a number from 1 on. */
function rate(perSecond: number, unit: string): string {
  if (unit === "bytes") return `${(perSecond / 1e6).toFixed(1)} MB/s`;
  const [value, per] = perSecond >= 1 ? [perSecond, "s"] : [perSecond * 60, "min"];
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)}/${per}`;
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
