// The whole app: a WebView with assets/index.html and assets/viewer.js. The manifest needs android.permission.INTERNET, and, for a
// server without https, android:usesCleartextTraffic="true".
package org.example.jiomosa

import android.app.Activity
import android.net.Uri
import android.os.Bundle
import android.webkit.WebView

class MainActivity : Activity() {
    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val server = Uri.encode("http://192.168.1.10:5000")
        val view = WebView(this)
        view.settings.javaScriptEnabled = true
        view.loadUrl("file:///android_asset/index.html?server=$server&session=my_session")
        setContentView(view)
    }
}
