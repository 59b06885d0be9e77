/** Which views of a hub are drawn: those near the window, and of the others the ones that were seen last. */

/** Browsers keep about sixteen WebGL contexts and drop the oldest; so many views stay drawn. */
const MOST_DRAWN = 12;

export interface Place {
  /** The view came near the window, or left it. */
  seen(near: boolean): void;
  leave(): void;
}

interface Member {
  show: (show: boolean) => void;
  near: boolean;
}

export class Places {
  /** Drawn views, the one seen longest ago first. */
  private readonly drawn = new Set<Member>();

  enter(show: (show: boolean) => void): Place {
    const member: Member = { show, near: false };
    return {
      seen: (near) => {
        member.near = near;
        if (!near) return;
        this.drawn.delete(member);
        this.drawn.add(member);
        show(true);
        this.thin();
      },
      leave: () => this.drawn.delete(member),
    };
  }

  private thin(): void {
    for (const member of this.drawn) {
      if (this.drawn.size <= MOST_DRAWN) return;
      if (member.near) continue;
      this.drawn.delete(member);
      member.show(false);
    }
  }
}
