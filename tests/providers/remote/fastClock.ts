import { expect } from "vitest";
import { RemoteError } from "../../../providers/remote/RemoteError.ts";
import type { Clock } from "../../../providers/remote/RequestQueue.ts";

/** A clock that runs so many times faster. */
export function fastClock(times: number): Clock {
  return {
    now: () => performance.now() * times,
    after(milliseconds, call) {
      const timer = setTimeout(call, milliseconds / times);
      return () => clearTimeout(timer);
    },
  };
}

/** The RemoteError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<RemoteError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
}
