import { cancel, group, intro, outro, select, text } from "@clack/prompts";
import { GreenroomError } from "../errors.ts";
import { isName } from "../names.ts";

export interface Answers {
  project: string;
  kind: "static" | "process";
  /** The folder that visitors see, or the line that starts the server. */
  serves: string;
  domain: string;
}

/** Asks a person at a terminal; what the folder suggests is one key away. */
export async function ask(guess: Answers): Promise<Answers> {
  intro("A greenroom.json for this project");
  const answers = await group(
    {
      project: () =>
        text({
          message: "What is the project called?",
          initialValue: guess.project,
          validate: (name) => (isName(name ?? "") ? undefined : 'use a to z, 0 to 9, "." and "-"'),
        }),
      kind: () =>
        select({
          message: "How is it served?",
          initialValue: guess.kind,
          options: [
            { value: "static" as const, label: "as files" },
            { value: "process" as const, label: "by a server that it starts" },
          ],
        }),
      serves: ({ results }): Promise<string | symbol> =>
        results.kind === "process"
          ? text({
              message: "Which command starts it? It listens on the socket in $SOCKET.",
              initialValue: guess.serves,
            })
          : text({
              message: "Which folder do visitors see?",
              initialValue: guess.kind === "static" ? guess.serves : ".",
            }),
      domain: () => text({ message: "At which domain is it in production?", initialValue: guess.domain }),
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
  outro("Thank you.");
  return { ...answers, serves: String(answers.serves) };
}
