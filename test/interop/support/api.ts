/** A client of the control API that shows every answer to an independent validator of the OpenAPI document. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { equal, ok } from "../../support/assert.ts";
import { type RawAnswer, rawExchange } from "./raw_http.ts";

type Json = Readonly<Record<string, unknown>>;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: { $ref: string } }>> }>
  >;
}

const schemaPrefix = "#/components/schemas/";

/** Compiles every schema of the document; strict about what it does not know. */
export class Contract {
  readonly #ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  /** `GET /v3/info`: those that an answer was seen of. */
  readonly seen = new Set<string>();

  constructor(readonly document: Document) {
    // CommonJS with a default export
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    const schemas = JSON.parse(JSON.stringify(document.components.schemas).replaceAll(schemaPrefix, ""));
    for (const [name, schema] of Object.entries(schemas)) this.#ajv.addSchema(schema as Json, name);
    for (const name of Object.keys(schemas)) this.#ajv.getSchema(name);
  }

  get operations(): string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    );
  }

  /** Throws unless the document promises such an answer. */
  check(method: string, path: string, status: number, body: unknown): void {
    const found = this.#find(method, path);
    if (found === null) return equal(status, 404, `${method} ${path}: answered but not documented`);
    const { template, operation } = found;
    const response = operation.responses[status];
    ok(response !== undefined, `${method} ${template}: status ${status} is not documented`);
    const name = response.content["application/json"].schema.$ref.slice(schemaPrefix.length);
    if (!this.#ajv.validate(name, body)) {
      throw new Error(
        `${method} ${template} is no ${name}: ${this.#ajv.errorsText()}\n${JSON.stringify(body)}`,
      );
    }
    if (status === 200) this.seen.add(`${method} ${template}`);
  }

  /** Throws unless the document promises an answer of this type that has no end. */
  checkStream(path: string, contentType: string): void {
    const content = this.#find("GET", path)?.operation.responses[200]?.content ?? {};
    equal(Object.keys(content), [contentType], `GET ${path}`);
    this.seen.add(`GET ${path}`);
  }

  #find(method: string, path: string): { readonly template: string; readonly operation: Operation } | null {
    for (const [template, methods] of Object.entries(this.document.paths)) {
      const pattern = `^${template.replace("{name}", ".*").replace("{id}", "[^/]+")}$`;
      const operation = methods[method.toLowerCase()];
      if (operation !== undefined && new RegExp(pattern).test(path)) return { template, operation };
    }
    return null;
  }
}

/** What tests look at of an answer; which of it is there is for the contract to check. */
export interface Answer {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly state: string;
  readonly transport: string | null;
  readonly session: string | null;
  readonly error: string;
  readonly source: { readonly type: string; readonly id: string } | null;
  readonly readers: readonly { readonly type: string; readonly id: string; readonly live: Live | null }[];
  readonly live: Live | null;
  readonly sourceState: { readonly state: string; readonly lastError: string | null } | null;
  readonly ready: boolean;
  readonly itemCount: number;
  readonly pageCount: number;
  readonly items: readonly Answer[];
  readonly inboundBytes: number;
  readonly outboundBytes: number;
  readonly inboundRTPPackets: number;
  readonly outboundRTPPackets: number;
  readonly outboundRTCPPackets: number;
  readonly peerConnectionEstablished: boolean;
  readonly localCandidate: string;
  readonly remoteCandidate: string;
  readonly bytesSent: number;
  readonly packetsSent: number;
  readonly packetsReceivedACK: number;
  readonly online: boolean;
  readonly onlineTime: string | null;
  readonly record: boolean;
  readonly maxReaders: number;
  readonly logLevel: string;
}

/** Of paths and of clients. */
export interface Live {
  readonly inboundBitrate: number;
  readonly outboundBitrate: number;
  readonly tracks: readonly {
    readonly codec: string;
    readonly bitrate: number;
    readonly frameRate: number | null;
    readonly keyFrameInterval: number | null;
  }[];
}

/** Asks, checks the answers against the contract, and keeps their texts. */
export class ApiClient {
  /** Everything that was answered. */
  readonly texts: string[] = [];

  private constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
    readonly contract: Contract,
  ) {}

  /** `headers`: of every request. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<ApiClient> {
    const answer = await fetch(`${url}/v3/openapi.json`, { headers });
    return new ApiClient(url, headers, new Contract(await answer.json()));
  }

  get(path: string, status = 200): Promise<Answer> {
    return this.request("GET", path, undefined, status);
  }

  post(path: string, body?: unknown, status = 200): Promise<Answer> {
    return this.request("POST", path, body, status);
  }

  patch(path: string, body: unknown, status = 200): Promise<Answer> {
    return this.request("PATCH", path, body, status);
  }

  delete(path: string, status = 200): Promise<Answer> {
    return this.request("DELETE", path, undefined, status);
  }

  async request(method: string, path: string, body: unknown, status: number): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: this.headers,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    return this.#take(method, path, answer.status, await answer.text(), status);
  }

  /** Listens to events of a type. The returned function gives the first one as text. */
  async listen(type: string): Promise<() => Promise<string>> {
    const path = "/v3/events";
    const answer = await fetch(`${this.url}${path}?type=${type}`, { headers: this.headers });
    equal(answer.status, 200);
    this.contract.checkStream(path, answer.headers.get("content-type") ?? "");
    return async () => {
      let text = "";
      for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (/^data: .*\n\n/m.test(text)) break;
      }
      this.texts.push(text);
      return text;
    };
  }

  /** `target` goes out unchanged: `fetch` would resolve dots. */
  async raw(method: string, target: string, status: number, body = ""): Promise<Answer> {
    const headers = Object.entries(this.headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const length = new TextEncoder().encode(body).length;
    const head = `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n` +
      `Content-Length: ${length}\r\n${headers}\r\n`;
    const answer: RawAnswer = await rawExchange(Number(new URL(this.url).port), head + body);
    const text = answer.text.slice(answer.text.indexOf("\r\n\r\n") + 4);
    return this.#take(method, target, answer.status, text, status);
  }

  #take(method: string, path: string, status: number, text: string, wanted: number): Answer {
    this.texts.push(text);
    equal(status, wanted, `${method} ${path.slice(0, 200)} gave ${status}: ${text.slice(0, 400)}`);
    if (!text.startsWith("{")) {
      equal([status, text], [404, "404 page not found"], `${method} ${path.slice(0, 200)}`);
      return {} as Answer;
    }
    const body: Answer = JSON.parse(text);
    this.contract.check(method, path.split("?")[0], status, body);
    return body;
  }
}

/** Asks until the answer is as it should be. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  isThere: (answer: T) => boolean,
): Promise<T> {
  const limit = performance.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    if (performance.now() > limit) throw new Error(`waited in vain for ${what}: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
