//! Pictures for the page, by a scheme of our own: `callout://localhost/picture/<hash>` and
//! `callout://localhost/tile/<hash>/<level>/<column>_<row>`, and drawings of structures by
//! `callout://localhost/structure/<name>`. Nothing else can be asked for.

use app::{PictureFile, Problem, Session};
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager, UriSchemeContext, UriSchemeResponder, Wry};

use crate::desk::Desk;

/// Answers one request off the main thread.
pub fn serve(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn_blocking(move || {
        let session = app.state::<Desk>().session();
        responder.respond(answer(session, request.uri().path()));
    });
}

fn answer(session: Result<std::sync::Arc<Session>, Problem>, path: &str) -> Response<Vec<u8>> {
    let found = session.ok().and_then(|session| find(&session, path));
    let read = found.and_then(|file| Some((std::fs::read(file.path).ok()?, file.media_type)));
    let response = Response::builder()
        .header("X-Content-Type-Options", "nosniff")
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    let response = match read {
        // A picture is named by its content, so it never changes.
        Some((bytes, media_type)) => response
            .header(header::CONTENT_TYPE, media_type)
            .header(header::CACHE_CONTROL, "max-age=31536000, immutable")
            .body(bytes),
        None => response.status(StatusCode::NOT_FOUND).body(Vec::new()),
    };
    response.unwrap_or_default()
}

fn find(session: &Session, path: &str) -> Option<PictureFile> {
    // The page's helper for scheme addresses escapes the slashes.
    let path = path.replace("%2F", "/");
    let mut parts = path.trim_start_matches('/').split('/');
    let (kind, hash) = (parts.next()?, parts.next()?);
    let file = match (kind, parts.next(), parts.next(), parts.next()) {
        ("picture", None, None, None) => session.whole_picture(hash),
        ("structure", None, None, None) => session.structure_picture(hash),
        ("tile", Some(level), Some(tile), None) => {
            let (column, row) = tile.split_once('_')?;
            session.tile(
                hash,
                level.parse().ok()?,
                column.parse().ok()?,
                row.parse().ok()?,
            )
        }
        _ => return None,
    };
    file.inspect_err(|error| eprintln!("callout: {error:#}"))
        .ok()
}
