import { termSentences } from '../../chain/terms';
import type { View } from '../../chain/view';
import { Card } from '../../ui/parts';

/** The terms, fixed at creation, as sentences. */
export function Terms({ view }: { view: View }) {
    return (
        <Card title="Terms">
            <ul className="sentences">
                {termSentences(view).map((sentence) => (
                    <li key={sentence}>{sentence}</li>
                ))}
            </ul>
        </Card>
    );
}
