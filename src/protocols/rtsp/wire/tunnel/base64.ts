import { ParseError } from "../../../../base/errors.ts";

const pad = 0x3d;
const invalid = 0xff;
const ignored = 0xfe;

const values = new Uint8Array(256).fill(invalid);
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".split("").forEach((char, value) => {
  values[char.charCodeAt(0)] = value;
});
for (const char of "-_") values[char.charCodeAt(0)] = char === "-" ? 62 : 63;
for (const char of " \t\r\n") values[char.charCodeAt(0)] = ignored;

/**
 * Decodes a stream of base64 in pieces cut anywhere. Clients encode each request by itself, so that padding stands in
 * the middle of the stream and starts the next group; white space is ignored.
 */
export class Base64Decoder {
  #group = 0;
  #digits = 0;

  /** The bytes that these digits complete. ParseError for any other character. */
  decode(input: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(Math.ceil((input.length + this.#digits) * 3 / 4));
    let size = 0;
    for (let i = 0; i < input.length; i++) {
      const value = values[input[i]];
      if (value < 64) {
        this.#group = this.#group << 6 | value;
        if (++this.#digits < 4) continue;
        out[size++] = this.#group >>> 16;
        out[size++] = this.#group >>> 8;
        out[size++] = this.#group;
        this.#group = this.#digits = 0;
      } else if (input[i] === pad) {
        if (this.#digits === 1) throw new ParseError("base64", "padding after one digit", i);
        if (this.#digits >= 2) out[size++] = this.#group >>> (this.#digits === 2 ? 4 : 10);
        if (this.#digits === 3) out[size++] = this.#group >>> 2;
        this.#group = this.#digits = 0;
      } else if (value !== ignored) {
        throw new ParseError("base64", `byte 0x${input[i].toString(16).padStart(2, "0")}`, i);
      }
    }
    return out.subarray(0, size);
  }
}
