import type { View } from '../../chain/view';
import { HistoryList } from '../../ui/history-list';
import { Card } from '../../ui/parts';

/** Everything that happened, from the program's own events. */
export default function History({ view: { security } }: { view: View }) {
    return (
        <Card title="History">
            <HistoryList address={security.address} isWanted={({ event }) => event.security === security.address} />
        </Card>
    );
}
