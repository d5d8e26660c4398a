/** Lets one piece of work after another use what there is one of. */
export class Exclusive {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    // Whoever asked hears of a failure; whoever comes next does not.
    this.last = done.catch(() => {});
    return done;
  }
}
