/** Who issued it, what it points to, and its image if the reader asks for it. */
import { NOBODY } from '../../chain/addresses';
import type { View } from '../../chain/view';
import { visible } from '../../display';
import { linkTo } from '../../router';
import { useNow } from '../../ui/hooks';
import { Card, Facts } from '../../ui/parts';
import { RemoteImage } from '../../ui/remote-image';
import { AddressText, When } from '../../ui/text';

export function About({ view: { security, share } }: { view: View }) {
    const now = useNow();
    const uri = share.mint.metadata?.uri ?? '';
    return (
        <Card title="About">
            <Facts
                items={[
                    [
                        'Issuer',
                        <span key="issuer">
                            <AddressText address={security.issuer} whole />{' '}
                            <a href={linkTo('statement', security.issuer)}>what it has done</a>
                        </span>,
                    ],
                    ...(security.pendingIssuer === NOBODY
                        ? []
                        : ([['Proposed as issuer', <AddressText key="pending" address={security.pendingIssuer} whole />]] as const)),
                    ['Created', <When key="created" ts={security.createdTs} now={now} />],
                    ['Security account', <AddressText key="account" address={security.address} whole />],
                    ['Says of itself at', uri === '' ? 'nowhere' : <code key="uri">{visible(uri, 200)}</code>],
                ]}
            />
            {uri !== '' && <RemoteImage key={uri} uri={uri} name={share.name} />}
        </Card>
    );
}
