import { assertMatch } from "@std/assert";
import { execWords } from "../support/exec.ts";
import { testPrograms } from "../support/programs.ts";
import { startTerminal } from "../support/terminal.ts";

const NEEDS = ["fence", "tmux", "bash"] as const;

/** A shell without the settings of a user. */
const SHELL = ["--norc", "--noprofile", "-i"];

/**
 * What bash prints once it reads no more itself. What is typed before that comes
 * without the end of a line that a program waits for.
 */
const RESUMED = /fg\n'.*'exec'/;

/**
 * A prompt of the outer shell without anything behind it. A program that
 * Ctrl-C ends may still read what is typed before that.
 */
const ASKED = /outer> *$/m;

/** The command as it is typed. */
function typed(...words: string[]): string {
  return execWords(["--quiet", "--", ...words])
    .map((word) => `'${word}'`).join(" ");
}

testPrograms({
  name: "sluice exec stops and goes on with its command",
  needs: NEEDS,
  async fn({ bash, tmux }) {
    await using terminal = await startTerminal(tmux, [bash, ...SHELL]);
    await terminal.enter("PS1='outer> '");
    await terminal.enter(typed("sh", "-c", "echo $((40+2))-cat; exec cat"));
    await terminal.until(/42-cat/);
    await terminal.enter("one");
    await terminal.until(/one\n+one/);
    await terminal.press("C-z");
    await terminal.until(/Stopped/);
    await terminal.enter("echo back-$((40+2))");
    await terminal.until(/back-42/);
    await terminal.enter("fg");
    await terminal.until(RESUMED);
    await terminal.enter("two");
    await terminal.until(/two\n+two/);
    await terminal.press("C-c");
    await terminal.until(ASKED);
    await terminal.enter("echo ended-$?");
    await terminal.until(/ended-130/);
    await terminal.enter("exit");
    await terminal.until(/code 0/);
  },
});

testPrograms({
  name: "sluice exec gives a shell the terminal, and takes it back",
  needs: NEEDS,
  async fn({ bash, tmux }) {
    await using terminal = await startTerminal(tmux, [bash, ...SHELL]);
    await terminal.enter("PS1='outer> '");
    await terminal.enter(typed("bash", ...SHELL));
    await terminal.enter("PS1='inner> '; tty");
    await terminal.until(/^inner> *$/m);
    await terminal.enter("sh -c 'stty size; exec sleep 1000'");
    await terminal.until(/50 200/);
    await terminal.press("C-z");
    const screen = await terminal.until(/Stopped/);
    assertMatch(screen, /inner> /);
    await terminal.enter("kill -9 %1; disown -a; exit 6");
    await terminal.until(ASKED);
    await terminal.enter("echo ended-$?");
    await terminal.until(/ended-6/);
    await terminal.enter("read -p 'word? ' x; echo got-$x");
    await terminal.until(/^word\? *$/m);
    await terminal.enter("this");
    await terminal.until(/got-this/);
    await terminal.enter("exit");
    await terminal.until(/code 0/);
  },
});

testPrograms({
  name: "sluice exec in the background waits for the terminal",
  needs: NEEDS,
  async fn({ bash, tmux }) {
    await using terminal = await startTerminal(tmux, [bash, ...SHELL]);
    await terminal.enter(`${typed("sh", "-c", "read x; echo got-$x")} &`);
    await terminal.until(/\[1\]/);
    await terminal.enter(
      "while ! jobs | grep -q St[o]pped; do sleep 0.1; done; jobs",
    );
    await terminal.until(/Stopped/);
    await terminal.enter("fg");
    await terminal.until(RESUMED);
    await terminal.enter("that");
    await terminal.until(/got-that/);
    await terminal.enter("exit");
    await terminal.until(/code 0/);
  },
});
