/* SPDX-License-Identifier: Apache-2.0
 *
 * The one thing that the HTTP library leaves to us: it asks a client for a certificate, and does
 * not look at what it gets.
 */
#include <gnutls/gnutls.h>

#include "net/conn.h"

bool aw_tls_client_fine(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned status;

    return info && gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 && status == 0;
}
