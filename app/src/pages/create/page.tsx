/** Creating a security in three steps: what it is, its terms for ever, and a look at both. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { allSecurities, securitiesOfIssuer } from '../../chain/accounts';
import { mintOf, securityOf } from '../../chain/addresses';
import { readMint } from '../../chain/mints';
import { nameMint, readNames } from '../../chain/names';
import { exists, readAccount } from '../../chain/reads';
import { createSecurityPlan } from '../../transactions/plans/create';
import { begin } from '../../transactions/run';
import { ofThrown } from '../../transactions/trouble';
import { useNow, useQuery, useStore } from '../../ui/hooks';
import { Notice } from '../../ui/parts';
import { session } from '../../wallet/session';
import { draftOf, EMPTY, problemsOf, type Form } from './form';
import { LookStep, TermsStep, WhatStep } from './steps';

const STEPS = ['What it is', 'Its terms, for ever', 'Look and create'] as const;

/** The first number that this issuer's securities of a kind have not used; handed-over ones count, so the address decides. */
async function freeIndex(issuer: Address, kind: number): Promise<number> {
    for (let index = (await securitiesOfIssuer(issuer)).filter((own) => own.kind === kind).length; ; index += 1) {
        if (!exists(await readAccount(await securityOf(await mintOf(issuer, kind, index))))) return index;
    }
}

/** Payout mints that others of this network use, most used first. */
async function commonPayouts() {
    const counts = new Map<Address, number>();
    for (const { payoutMint } of await allSecurities()) counts.set(payoutMint, (counts.get(payoutMint) ?? 0) + 1);
    const mints = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 5).map(([mint]) => mint);
    return { mints, names: await readNames(mints) };
}

export default function Create() {
    const wallet = useStore(session)?.address;
    const now = useNow();
    const [form, setForm] = useState<Form>(EMPTY);
    const [step, setStep] = useState(0);
    const [problem, setProblem] = useState<string | null>(null);
    const change = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }));
    const payoutMint = form.payoutMint.trim();
    const payout = useQuery(isAddress(payoutMint) ? `mint/${payoutMint}` : null, () => readMint(payoutMint as Address));
    const payouts = useQuery('common-payouts', commonPayouts);
    const problems = problemsOf(form, payout.data);
    const stepProblems = [problems.what, problems.terms, [...problems.what, ...problems.terms]][step]!;
    const create = async () => {
        if (!wallet || !payout.data || now === undefined) return;
        setProblem(null);
        try {
            const draft = draftOf(form, await freeIndex(wallet, Number(form.kind)));
            if (draft.kind === 1 && draft.index > 0) {
                setProblem('This wallet has issued its personal token already: one per wallet, ever.');
                return;
            }
            await begin(await createSecurityPlan(wallet, draft, payout.data, nameMint(payout.data).symbol));
        } catch (error) {
            setProblem(ofThrown(error).sentence);
        }
    };
    return (
        <>
            <h1>Create a security</h1>
            <ol className="wizard" aria-label="Steps">
                {STEPS.map((title, i) => (
                    <li key={title} aria-current={i === step ? 'step' : undefined}>
                        {i + 1}. {title}
                    </li>
                ))}
            </ol>
            {!wallet && <Notice>You can look around; to create it, connect a wallet. It becomes the issuer.</Notice>}
            <form
                className="action"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (step < 2) setStep(step + 1);
                    else void create();
                }}
            >
                {step === 0 && <WhatStep form={form} change={change} />}
                {step === 1 && <TermsStep form={form} change={change} payout={payout} payouts={payouts.data} now={now} />}
                {step === 2 && payout.data && <LookStep form={form} payout={payout.data} issuer={wallet} />}
                <div role="status">
                    {stepProblems.length > 0 && (
                        <ul className="open-questions">
                            {stepProblems.map((sentence) => (
                                <li key={sentence}>{sentence}</li>
                            ))}
                        </ul>
                    )}
                </div>
                <p role="alert" className="problem">
                    {problem}
                </p>
                <div className="buttons">
                    {step > 0 && (
                        <button type="button" className="secondary" onClick={() => setStep(step - 1)}>
                            Back
                        </button>
                    )}
                    <button type="submit" className="primary" disabled={stepProblems.length > 0 || (step === 2 && !wallet)}>
                        {step < 2 ? 'Next' : 'Review and create'}
                    </button>
                </div>
            </form>
        </>
    );
}
