/** A form that ends in a plan: what it says is built when the user asks for a review, and reviewed before anything is signed. */
import { useState, type ReactNode } from 'react';
import type { Plan } from '../transactions/plan';
import { begin } from '../transactions/run';
import { ofThrown } from '../transactions/trouble';

type Props = {
    children?: ReactNode;
    /** Builds the plan; null while the form is not filled in. */
    build: (() => Promise<Plan>) | null;
    label?: string;
    /** Takes something back, or waits for nobody: it stands behind what is to be done. */
    quiet?: boolean;
};

export function ActionForm({ children, build, label = 'Review', quiet = false }: Props) {
    const [problem, setProblem] = useState<string | null>(null);
    const [busy, setBusy] = useState(false);
    const review = async () => {
        if (!build) return;
        setBusy(true);
        setProblem(null);
        try {
            await begin(await build());
        } catch (error) {
            const { sentence, remedy } = ofThrown(error);
            setProblem(`${sentence} ${remedy ?? ''}`);
        } finally {
            setBusy(false);
        }
    };
    return (
        <form
            className="action"
            onSubmit={(event) => {
                event.preventDefault();
                void review();
            }}
        >
            {children}
            <p role="alert" className="problem">
                {problem}
            </p>
            <div className="buttons">
                <button type="submit" className={quiet ? 'secondary' : 'primary'} disabled={!build || busy}>
                    {busy ? 'Preparing…' : label}
                </button>
            </div>
        </form>
    );
}
