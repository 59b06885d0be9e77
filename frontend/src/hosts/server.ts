/** The host of the dashboard: HTTP for data, one WebSocket for events and progress. */
import { ArrivalError, GoneError } from "./errors";
import { RemoteHost, type Hears, type Line } from "./remote";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;

export class ServerHost extends RemoteHost {
  constructor(private readonly base: string) {
    super("server", new HttpLine(base));
  }

  code(path: string): Promise<string> {
    return Promise.resolve(new URL(path, this.base).href);
  }
}

class HttpLine implements Line {
  private hears: Hears | null = null;
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private delay = FIRST_RETRY_MS;
  private closed = false;

  constructor(private readonly base: string) {}

  private address(path: string): string {
    return new URL(`api/${path}`, this.base).href;
  }

  async ask(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await fetch(this.address(path), { credentials: "same-origin", ...init });
    } catch (cause) {
      if (init?.signal?.aborted) throw cause;
      throw new GoneError("The server does not answer. What is on the page stays; it is asked again shortly.");
    }
  }

  picture(path: string): string {
    return this.address(path);
  }

  open(hears: Hears): void {
    this.hears = hears;
    this.connect();
  }

  again(): void {
    if (this.timer) clearTimeout(this.timer);
    this.delay = FIRST_RETRY_MS;
    this.connect();
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    if (this.closed) return;
    this.socket?.close();
    const url = new URL(this.address("events"));
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_RETRY_MS;
      this.hears?.connection({ state: "connected" });
    };
    socket.onmessage = (message) => this.receive(message.data);
    socket.onclose = () => {
      if (this.closed || this.socket !== socket) return;
      const wait = this.delay * (0.75 + Math.random() / 2);
      this.delay = Math.min(this.delay * 2, LONGEST_RETRY_MS);
      this.hears?.connection({ state: "lost", retryAt: Date.now() + wait, reason: "The server does not answer." });
      this.timer = setTimeout(() => this.connect(), wait);
    };
  }

  private receive(data: unknown): void {
    let message: unknown;
    try {
      message = JSON.parse(String(data));
    } catch {
      throw new ArrivalError("An event arrived that is not JSON.");
    }
    this.hears?.event(message);
  }
}
