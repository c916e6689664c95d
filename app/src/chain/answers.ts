/** What was read in this page's life, by name, so that going back shows at once what was known. */
export type Answers = {
    get: (key: string) => unknown;
    /** Called when a read begins; what it returns is called with the answer. */
    begin: (key: string) => (answer: unknown) => void;
};

/** Reads overlap and come back in any order: an answer never replaces one whose read began later. */
export function createAnswers(): Answers {
    const known = new Map<string, { answer: unknown; turn: number }>();
    let turns = 0;
    return {
        get: (key) => known.get(key)?.answer,
        begin: (key) => {
            turns += 1;
            const turn = turns;
            return (answer) => {
                if (turn > (known.get(key)?.turn ?? 0)) known.set(key, { answer, turn });
            };
        },
    };
}
