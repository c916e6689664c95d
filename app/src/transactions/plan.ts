/** What the user is about to do: one or more transactions, each signed by the wallet alone. */
import type { Address, Instruction } from '@solana/kit';

/** One transaction. A later step is simulated only when the ones before have happened. */
export type Step = {
    title: string;
    instructions: readonly Instruction[];
    /** Whether the steps after it make sense without it. */
    optional?: boolean;
};

export type Plan = {
    title: string;
    /** Sentences about what changes beyond balances, and what cannot be undone. */
    notes: readonly string[];
    /** What is fixed for ever by this, shown with more weight. */
    irreversible?: readonly string[];
    steps: readonly Step[];
    /** Mints whose issuers' powers matter here, beside those of balances that change. */
    mints?: readonly Address[];
    /** Where to read on when it is done. */
    done?: { label: string; href: string };
};
