import { cancel, confirm, group, intro, outro, select, text } from "@clack/prompts";
import { GreenroomError } from "../errors.ts";
import { questions } from "../project/fields.ts";
import { type Answers, type Guess, suggestDomain } from "./guess.ts";

/** Asks a person at a terminal; what the folder suggests is one key away. */
export async function ask(guess: Guess): Promise<Answers> {
  intro("A greenroom.json for this project");
  const answers = await group(
    {
      project: () => askFor("project", "What is the project called?", guess.project),
      kind: () =>
        select({
          message: "How is it served?",
          initialValue: guess.kind,
          options: [
            { value: "static" as const, label: "as files" },
            { value: "process" as const, label: "by a server that it starts" },
            { value: "php" as const, label: "by PHP" },
          ],
        }),
      serves: ({ results }): Promise<string | symbol> =>
        results.kind === "process"
          ? askFor("command", "Which command starts it? It listens on the socket in $SOCKET.", guess.command)
          : askFor("folder", "Which folder do visitors see?", guess.folder),
      domain: ({ results }): Promise<string | symbol> =>
        askFor("domain", "At which domain is it in production?", suggestDomain(results.project ?? "site")),
    },
    {
      onCancel() {
        cancel("nothing written");
        throw new GreenroomError("USAGE", "the questions were left unanswered", {
          hint: "greenroom init --yes",
        });
      },
    },
  );
  outro("That is all.");
  return { ...answers, serves: String(answers.serves), domain: String(answers.domain) };
}

function askFor(what: keyof typeof questions, message: string, initialValue: string) {
  const validate = (answer = "") => questions[what].safeParse(answer).error?.issues[0]?.message;
  return text({ message, initialValue, validate });
}

/** Whether the key that a server shows is its own is for a person to say, who has seen it there. */
export async function askToTrust(server: string, fingerprint: string): Promise<boolean> {
  const message = `${server} shows the host key ${fingerprint}. Is that its own?`;
  return (await confirm({ message, initialValue: false })) === true;
}
