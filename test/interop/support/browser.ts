/**
 * Debian's Chromium without a window, with an empty profile of its own, through playwright-core. Pages may talk to the
 * servers of the test only: a page that asks for anything else fails when it closes.
 */
import { type Browser as Chromium, type BrowserContext, chromium, type Page as Tab } from "playwright-core";

/** Both are for tests that hang: what they wait for happens at once where the machine has nothing else to do. */
const startTimeoutMs = 180_000;
const waitTimeoutMs = 180_000;
const lookMs = 50;

/** Playwright adds those for automation, and the profile folder. */
const flags: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // for machines that have no other interface
  "--allow-loopback-in-peer-connection",
  // whatever is asked for, nothing leaves the machine
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

export interface BrowserOptions {
  /** On top of the usual ones; a later one wins. */
  readonly flags?: readonly string[];
}

export interface PageOptions {
  /** Besides that of the page: `http://127.0.0.1:8888`. */
  readonly origins?: readonly string[];
  /** 1280 × 720 when not given. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** A phone: touch, and a viewport that obeys the page's `meta`. */
  readonly phone?: boolean;
  readonly ignoreCertificates?: boolean;
  /** JavaScript that runs before that of the page. */
  readonly script?: string;
  /** Errors on the console or uncaught ones that the test provokes. */
  readonly expectedErrors?: RegExp;
}

/** What a video element shows. */
export interface Playing {
  readonly videoWidth: number;
  readonly videoHeight: number;
  /** Seconds, when the wait began and when it was over. */
  readonly from: number;
  readonly to: number;
}

/** Matches texts in which each of them is found, wherever: what is looked for together is true at the same moment. */
export function allOf(...patterns: readonly RegExp[]): RegExp {
  const flags = patterns.some(({ ignoreCase }) => ignoreCase) ? "i" : "";
  return new RegExp(patterns.map(({ source }) => `(?=[^]*(?:${source}))`).join(""), flags);
}

/**
 * One browser for each test, so that the sanitizers of the test see it come and go. Throws what `use` throws, else what
 * the pages have done wrong.
 */
export async function withBrowser(
  use: (browser: Browser) => Promise<void>,
  options: BrowserOptions = {},
): Promise<void> {
  const browser = new Browser(
    await chromium.launch({
      executablePath: "/usr/bin/chromium",
      headless: true,
      args: [...flags, ...options.flags ?? []],
      timeout: startTimeoutMs,
    }),
  );
  try {
    await use(browser);
  } catch (error) {
    // No `await using`: it would hide this error behind those of the pages.
    const faults = await browser.end();
    if (faults.length > 0) console.error(faults.join("\n"));
    throw error;
  }
  const faults = await browser.end();
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** Opens pages; `withBrowser` starts and ends it. */
export class Browser {
  readonly #chromium: Chromium;
  readonly #pages: Page[] = [];

  constructor(chromium: Chromium) {
    this.#chromium = chromium;
  }

  /** Resolves when the page is loaded. Each has cookies and storage of its own. */
  async open(url: string, options: PageOptions = {}): Promise<Page> {
    const context = await this.#chromium.newContext({
      viewport: options.viewport ??
        (options.phone ? { width: 390, height: 844 } : { width: 1280, height: 720 }),
      ignoreHTTPSErrors: options.ignoreCertificates ?? false,
      ...options.phone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {},
    });
    context.setDefaultTimeout(waitTimeoutMs);
    if (options.script !== undefined) await context.addInitScript(options.script);
    const page = new Page(context, await context.newPage(), new URL(url).origin, options);
    this.#pages.push(page);
    await page.tab.goto(url);
    return page;
  }

  /** Closes everything and gives what its pages have done wrong. */
  async end(): Promise<string[]> {
    const faults: string[] = [];
    for (const page of this.#pages) faults.push(...await page.end());
    await this.#chromium.close();
    return faults;
  }
}

/** One page in a profile of its own. */
export class Page {
  /** Every URL that was asked for, in order. */
  readonly requests: string[] = [];
  /** Everything on the console, and uncaught errors, as `level: text`. */
  readonly console: string[] = [];
  readonly #origins: readonly string[];
  /** Of the console, or of requests. */
  #nextLine = Promise.withResolvers<void>();
  #ended = false;

  constructor(
    private readonly context: BrowserContext,
    readonly tab: Tab,
    origin: string,
    private readonly options: PageOptions,
  ) {
    this.#origins = [origin, ...options.origins ?? []];
    context.on("request", (request) => {
      this.requests.push(request.url());
      this.#wake();
    });
    context.on("console", (message) => this.#addLine(`${message.type()}: ${message.text()}`));
    tab.on("pageerror", (error) => this.#addLine(`error: uncaught ${error.stack ?? error.message}`));
  }

  #addLine(line: string): void {
    this.console.push(line);
    this.#wake();
  }

  #wake(): void {
    this.#nextLine.resolve();
    this.#nextLine = Promise.withResolvers();
  }

  /** Those that went elsewhere than to the servers of the test. */
  get outsideRequests(): string[] {
    return this.requests.filter((url) => {
      const { protocol, origin } = new URL(url);
      return !["data:", "blob:", "about:"].includes(protocol) && !this.#origins.includes(origin);
    });
  }

  /** Errors on the console. Those that the browser writes for every failed request are left out. */
  get errors(): string[] {
    return this.console.filter((line) =>
      line.startsWith("error: ") && !/^error: Failed to load resource/.test(line) &&
      !this.options.expectedErrors?.test(line)
    );
  }

  /**
   * Value of a JavaScript expression in the page; a promise is awaited. Chromium takes this, and all that waits here
   * except `waitForConsole`, for a gesture of the user.
   */
  evaluate<T>(expression: string): Promise<T> {
    return this.tab.evaluate<T>(expression);
  }

  /** Resolves when the expression is true in the page. */
  async waitFor(expression: string, timeoutMs?: number): Promise<void> {
    await this.#waitForValue("", `Boolean(${expression})`, expression, timeoutMs);
  }

  /** The first value of the expression that counts as true. `state`: declarations that it may use. */
  async #waitForValue<T>(
    state: string,
    expression: string,
    what: string,
    timeoutMs = waitTimeoutMs,
  ): Promise<T> {
    // Not Playwright's own waiting: it evaluates later, which the content security policy of a page may forbid.
    const found = await this.evaluate<{ value: T } | null>(`new Promise((resolve, reject) => {
      ${state}
      const end = performance.now() + ${timeoutMs};
      const look = () => {
        try {
          const value = ${expression};
          if (value) resolve({ value });
          else if (performance.now() > end) resolve(null);
          else setTimeout(look, ${lookMs});
        } catch (error) {
          reject(error);
        }
      };
      look();
    })`);
    if (found === null) {
      throw new Error(`never true within ${timeoutMs} ms: ${what}\n${await this.#describe()}`);
    }
    return found.value;
  }

  /** Resolves when such a line, `level: text`, is on the console. */
  async waitForConsole(line: RegExp, timeoutMs?: number): Promise<void> {
    await this.#waitForLine(
      () => this.console.some((text) => line.test(text)),
      `no line like ${line}`,
      timeoutMs,
    );
  }

  /** Resolves when such a URL has been asked for. */
  async waitForRequest(url: RegExp): Promise<void> {
    await this.#waitForLine(
      () => this.requests.some((text) => url.test(text)),
      `no request for ${url}\n${this.requests.slice(-10).join("\n")}`,
    );
  }

  /** Resolves when the page has done something wrong that `end` will tell. */
  async waitForFault(): Promise<void> {
    await this.#waitForLine(() => this.errors.length + this.outsideRequests.length > 0, "nothing is wrong");
  }

  async #waitForLine(isThere: () => boolean, otherwise: string, timeoutMs = waitTimeoutMs): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, timeoutMs);
    try {
      while (!isThere()) {
        if (isLate || this.#ended) throw new Error(`${otherwise}\n${this.console.join("\n")}`);
        await this.#nextLine.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when an element that is shown has such a text, and gives it as it was then. */
  async waitForText(selector: string, text: RegExp, timeoutMs?: number): Promise<string> {
    const element = `document.querySelector(${JSON.stringify(selector)})`;
    const shown = `(${element}?.checkVisibility() ? ${element}.innerText : null)`;
    const [found] = await this.#waitForValue<[string]>(
      "",
      `((shown) => shown !== null && ${text}.test(shown) && [shown])(${shown})`,
      `${selector} says ${text}`,
      timeoutMs,
    );
    return found;
  }

  /**
   * Resolves when the video has a picture and its time has gone on by so many seconds. One that begins anew meanwhile is
   * given time again.
   */
  async waitForPlaying(selector = "video", seconds = 0.5, timeoutMs?: number): Promise<Playing> {
    return await this.#waitForValue<Playing>(
      `let from = null;
      const advanced = (video) => {
        const isPlaying = video?.videoWidth > 0 && !video.paused;
        if (!isPlaying || video.currentTime < from) from = null;
        if (!isPlaying) return null;
        const { videoWidth, videoHeight, currentTime: to } = video;
        if (video.readyState >= 2) from ??= to;
        return from !== null && to > from + ${seconds} ? { videoWidth, videoHeight, from, to } : null;
      };`,
      `advanced(document.querySelector(${JSON.stringify(selector)}))`,
      `${selector} plays for ${seconds} s`,
      timeoutMs,
    );
  }

  /** A PNG file, to look at. */
  async screenshot(file: string): Promise<void> {
    await this.tab.screenshot({ path: file });
  }

  /** Closes it and throws what it has done wrong. */
  async close(): Promise<void> {
    const faults = await this.end();
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }

  /** Closes it and gives what it has done wrong; nothing the second time. */
  async end(): Promise<string[]> {
    if (this.#ended) return [];
    this.#ended = true;
    this.#wake();
    await this.context.close();
    return [
      ...this.outsideRequests.map((url) => `the page asked for ${url}`),
      ...this.errors.map((line) => `console ${line}`),
    ];
  }

  async #describe(): Promise<string> {
    const text = await this.evaluate<string>("document.body.innerText").catch(() => "");
    return [`text of the page: ${text}`, ...this.requests.slice(-10), ...this.console.slice(-20)].join("\n");
  }
}
