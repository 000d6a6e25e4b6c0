/** File names: `<prefix>_<rendition>_…`, so that a name is enough to find the rendition. */
export class FileNames {
  constructor(
    private readonly prefix: string,
    readonly id: string,
    private readonly extension: "mp4" | "ts",
  ) {}

  /** `generation` counts the changes of parameters. */
  init(generation: number): string {
    return `${this.prefix}_${this.id}_init${generation === 0 ? "" : generation}.mp4`;
  }

  segment(msn: number): string {
    return `${this.prefix}_${this.id}_seg${msn}.${this.extension}`;
  }

  part(number: number): string {
    return `${this.prefix}_${this.id}_part${number}.mp4`;
  }

  get playlist(): string {
    return `${this.id}_stream.m3u8`;
  }
}

/** What gaps refer to; nobody fetches it (RFC 8216bis §4.4.4.7). */
export const gapName = "gap.mp4";
