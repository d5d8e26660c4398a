import { describe, expect, it } from "vitest";
import { parseServerReference, readKey } from "../../../providers/remote/serverReference.ts";

const parse = (text: string) => parseServerReference(text, "openai:", "https://api.openai.com/v1");

describe("references to servers", () => {
  it("name a model and, where it is not the usual one, a base URL", () => {
    expect(parse("openai:gpt-4o")).toEqual({
      model: "gpt-4o",
      base: "https://api.openai.com/v1",
      origin: "https://api.openai.com",
      loopback: false,
    });
    expect(parse("openai:org/model:7b@rev@http://localhost:8000/v1/")).toEqual({
      model: "org/model:7b@rev",
      base: "http://localhost:8000/v1",
      origin: "http://localhost:8000",
      loopback: true,
    });
    expect(parse("openai:m@http://[::1]:1").loopback).toBe(true);
    expect(parse("openai:m@http://127.0.0.1.example.org").loopback).toBe(false);
  });

  it("hold no credentials, and the error does not repeat them", () => {
    for (const text of [
      "openai:m@https://user:hunter2@example.org/v1",
      "openai:m@https://example.org/v1?key=hunter2",
      "openai:m@https://example.org/v1#hunter2",
      "openai:m@ftp://example.org",
      "openai:",
      "openai:two words",
    ]) {
      let thrown: unknown;
      try {
        parse(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: "model-reference-malformed" });
      expect(String(thrown)).not.toContain("hunter2");
    }
  });

  it("take keys from the environment, and show none that is malformed", () => {
    expect(readKey({ K: " sk-1 \n" }, "K")).toBe("sk-1");
    expect(readKey({ K: "" }, "K")).toBeNull();
    expect(readKey({}, "K")).toBeNull();
    expect(() => readKey({ K: "sk-1\nsk-2" }, "K")).toThrow(
      /^the key in K holds a character that no header can carry$/,
    );
  });
});
