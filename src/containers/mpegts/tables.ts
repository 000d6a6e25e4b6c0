/** PAT and PMT as they come: which program is read, and what it consists of. */
import { errorText, ParseError } from "../../base/errors.ts";
import { ContinuityChecker } from "./continuity.ts";
import { SectionAssembler } from "./section_assembler.ts";
import { patPid, type TransportPacket } from "./wire/packet.ts";
import { parsePat, type PatProgram } from "./wire/pat.ts";
import { parsePmt, type Pmt } from "./wire/pmt.ts";
import { parseSection, type Section, TableId } from "./wire/section.ts";

/** Programs of one PAT whose PMT is looked for. */
export const maxPrograms = 64;

export interface TableSink {
  /** The PMT of the program that is read, whenever it comes. */
  pmt(pmt: Pmt): void;
  error(text: string): void;
}

interface TablePid {
  readonly continuity: ContinuityChecker;
  readonly assembler: SectionAssembler;
}

function tablePid(): TablePid {
  return { continuity: new ContinuityChecker(), assembler: new SectionAssembler() };
}

/** Reads the first program whose PMT comes; another one when the PAT no longer lists that. */
export class Tables {
  readonly #pids = new Map<number, TablePid>([[patPid, tablePid()]]);
  #patVersion: number | null = null;
  /** Program numbers of the PAT by the PID of their PMT; several may share one. */
  #programs: PatProgram[] = [];
  #chosen: number | null = null;

  constructor(private readonly sink: TableSink) {}

  /** False when the PID has no tables for us. */
  packet(packet: TransportPacket): boolean {
    const pid = this.#pids.get(packet.pid);
    if (pid === undefined) return false;
    const { payload } = packet;
    const step = pid.continuity.next(packet);
    if (step === "repeated") return true;
    if (step !== "follows") pid.assembler.reset();
    if (step === "damaged" || payload === null || packet.scrambled) return true;
    try {
      for (const bytes of pid.assembler.push(payload, packet.unitStart)) this.#section(packet.pid, bytes);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.sink.error(`${packet.pid === patPid ? "PAT" : "PMT"}: ${errorText(error)}`);
    }
    return true;
  }

  #section(pid: number, bytes: Uint8Array): void {
    // Other tables may stand on the PIDs of the PMTs.
    if (bytes[0] !== (pid === patPid ? TableId.pat : TableId.pmt)) return;
    const section = parseSection(bytes);
    if (!section.current) return;
    if (pid === patPid) this.#pat(section);
    else this.#pmt(pid, section);
  }

  #pat(section: Section): void {
    const programs = parsePat(section.data);
    if (section.version !== this.#patVersion || section.lastNumber === 0) this.#programs = [];
    this.#patVersion = section.version;
    for (const program of programs) {
      const known = this.#programs.some(({ number }) => number === program.number);
      if (!known && this.#programs.length < maxPrograms && program.pmtPid !== patPid) {
        this.#programs.push(program);
      }
    }
    const complete = section.number === section.lastNumber;
    if (complete && !this.#programs.some(({ number }) => number === this.#chosen)) this.#chosen = null;
    const wanted = new Set(this.#programs.map(({ pmtPid }) => pmtPid));
    for (const pid of this.#pids.keys()) if (pid !== patPid && !wanted.has(pid)) this.#pids.delete(pid);
    for (const pid of wanted) if (!this.#pids.has(pid)) this.#pids.set(pid, tablePid());
  }

  #pmt(pid: number, section: Section): void {
    const number = section.extension;
    if (!this.#programs.some((program) => program.number === number && program.pmtPid === pid)) return;
    if (this.#chosen !== null && number !== this.#chosen) return;
    const pmt = parsePmt(section.data);
    if (pmt.streams.length === 0) return;
    if (this.#chosen === null && this.#programs.length > 1) {
      this.sink.error(`of ${this.#programs.length} programs, only number ${number} is read`);
    }
    this.#chosen = number;
    this.sink.pmt(pmt);
  }
}
